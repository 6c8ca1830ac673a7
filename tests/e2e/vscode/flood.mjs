// Ten thousand pieces of an answer: how long a key in the prompt takes meanwhile, and what stays in memory.
// usage: node flood.mjs WORKSPACE     prints pieces, key latencies and heap growth

import { idle, launch, openChat, openWorkbench, say } from "./browser.mjs";

const [workspace] = process.argv.slice(2);
const browser = await launch();
const page = await openWorkbench(browser, workspace);

/** In the chat page: remember when each key arrived, and when the page had painted it. */
function watchKeys() {
  const field = document.querySelector(".composer textarea");
  window.keyTimes = [];
  field.addEventListener("keydown", (event) => {
    const start = event.timeStamp;
    requestAnimationFrame(() => setTimeout(() => window.keyTimes.push(performance.now() - start)));
  });
}

async function heap(session) {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize / 1024 / 1024;
}

async function flood(chat, field) {
  const stop = chat.getByRole("button", { name: /^Stop/ });
  await say(chat, "Tell me everything.");
  await stop.waitFor(); // the answer before this one is there already: only this says that the turn runs
  await chat.locator(".answer").last().waitFor();
  await field.focus();
  let typed = 0;
  while (await stop.isVisible()) {
    await field.press("a");
    typed += 1;
    if (typed % 40 === 0) {
      await field.fill("");
    }
  }
  await idle(chat);
  await field.fill("");
}

try {
  const chat = await openChat(page);
  await chat.locator(".welcome").waitFor();
  const field = chat.locator(".composer textarea");
  await field.evaluate(watchKeys);
  const frame = page.frames().find((one) => one.url().includes("fake.html") || one.name() === "active-frame");
  const session = await browser.newCDPSession(frame).catch(() => browser.newCDPSession(page));
  await flood(chat, field);
  const first = await heap(session);
  await flood(chat, field);
  const second = await heap(session);
  const times = (await field.evaluate(() => window.keyTimes)).sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(1);
  const shown = await chat.locator(".answer").last().evaluate((element) => element.textContent.length);
  console.log(`pieces=${Math.round(shown / 6) * 2} keys=${times.length} key_p50_ms=${at(0.5)} key_p95_ms=${at(0.95)} key_max_ms=${at(1)}`);
  console.log(`heap_first_mb=${first.toFixed(1)} heap_second_mb=${second.toFixed(1)} heap_growth_mb=${Math.max(0, second - first).toFixed(1)}`);
} finally {
  await browser.close();
}
