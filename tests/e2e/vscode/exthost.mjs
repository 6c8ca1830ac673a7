// Runs a test module inside the real extension host; the exit code is the result.
// usage: node exthost.mjs TEST_MODULE WORKSPACE

import { launch } from "./browser.mjs";

const [module, workspace] = process.argv.slice(2);
const host = `127.0.0.1:${process.env.CS_PORT}`;

const browser = await launch();
const page = browser.pages()[0];
const ended = Promise.withResolvers();
await page.exposeFunction("codeAutomationLog", (_type, words) => {
  const line = words.join(" ");
  if (process.env.VERBOSE || /^(PASS|FAIL|TOLD)/.test(line)) {
    console.log(line.slice(0, 3000));
  }
});
await page.exposeFunction("codeAutomationExit", (code) => ended.resolve(code));
const uri = (path) => `vscode-remote://${host}${path}`;
const payload = JSON.stringify([
  ["extensionDevelopmentPath", uri(process.env.EXTENSION)],
  ["extensionTestsPath", uri(module)],
  ["skipWelcome", "true"],
]);
await page.goto(`http://${host}/?folder=${workspace}&payload=${encodeURIComponent(payload)}`);
const late = setTimeout(() => ended.resolve("timeout"), 150_000);
const code = await ended.promise;
clearTimeout(late);
console.log("exit", code);
await browser.close();
process.exit(code === 0 ? 0 : 1);
