// Runs a test module inside the real extension host; the exit code is the result.
// usage: node exthost.mjs TEST_MODULE WORKSPACE [JSON]   JSON reaches the module as process.env.CASS_TEST of its own

import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.cwd()}/x.js`)("playwright-core");
const [module, workspace] = process.argv.slice(2);
const host = `127.0.0.1:${process.env.CS_PORT}`;

const browser = await chromium.launchPersistentContext(process.env.PROFILE, {
  executablePath: process.env.CHROMIUM,
  headless: true,
  viewport: { width: 1280, height: 800 },
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = browser.pages()[0];
const ended = Promise.withResolvers();
await page.exposeFunction("codeAutomationLog", (type, words) => {
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
const late = setTimeout(() => ended.resolve("timeout"), 120_000);
const code = await ended.promise;
clearTimeout(late);
if (code !== 0) {
  await page.screenshot({ path: `${workspace}/../failed.png` }).catch(() => undefined);
}
console.log("exit", code);
await browser.close();
process.exit(code === 0 ? 0 : 1);
