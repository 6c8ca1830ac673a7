// Bundles the extension and the chat page into dist/. `--watch` keeps doing so, `--dev` leaves names readable.

import { cp, mkdir, rm } from "node:fs/promises";
import * as esbuild from "esbuild";

const watch = process.argv.includes("--watch");
const dev = watch || process.argv.includes("--dev");

const common = {
  bundle: true,
  minify: !dev,
  sourcemap: dev ? "inline" : false,
  logLevel: "info",
  legalComments: "linked",
};
const host = {
  ...common,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.cjs",
  platform: "node",
  target: "node22",
  format: "cjs",
  external: ["vscode"],
};
const page = {
  ...common,
  entryPoints: { chat: "webview/main.ts", context: "webview/context.ts" },
  outdir: "dist/webview",
  platform: "browser",
  target: "chrome138",
  format: "iife",
};

await rm("dist", { recursive: true, force: true });
await mkdir("dist/webview", { recursive: true });
await cp("webview/chat.css", "dist/webview/chat.css");
await cp("webview/context.css", "dist/webview/context.css");
await cp("node_modules/@vscode/codicons/dist/codicon.css", "dist/webview/codicon.css");
await cp("node_modules/@vscode/codicons/dist/codicon.ttf", "dist/webview/codicon.ttf");

if (watch) {
  for (const options of [host, page]) {
    await (await esbuild.context(options)).watch();
  }
} else {
  await Promise.all([esbuild.build(host), esbuild.build(page)]);
}
