// Blocks of Markdown, texts around changes, command lines: the parts that know neither editor nor page.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReviewHunk } from "../src/protocol.ts";
import { formerText, hunkAt, proposedText, relocated, textLines } from "../src/review/text.ts";
import { findServer, splitWords } from "../src/server.ts";
import { userSettings } from "../src/settings-tree.ts";
import { splitBlocks } from "../webview/blocks.ts";

const MARKDOWN = `# Head

Some words
on two lines.

- a list

- that goes on

  with a paragraph

> quoted

\`\`\`python
x = 1

y = 2
\`\`\`

The end.
`;

test("blocks and tail are the text, wherever it is cut", () => {
  for (let at = 0; at <= MARKDOWN.length; at++) {
    const { done, tail } = splitBlocks(MARKDOWN.slice(0, at));
    assert.equal(done.join("") + tail, MARKDOWN.slice(0, at));
  }
});

test("a block that is done never changes when more text comes", () => {
  const whole = splitBlocks(MARKDOWN).done;
  for (let at = 0; at <= MARKDOWN.length; at++) {
    const { done } = splitBlocks(MARKDOWN.slice(0, at));
    assert.deepEqual(done, whole.slice(0, done.length), JSON.stringify(MARKDOWN.slice(0, at)));
  }
});

test("code is one block with its blank lines, and open until its fence closes", () => {
  const { done } = splitBlocks(MARKDOWN);
  assert.ok(done.some((block) => block.includes("x = 1\n\ny = 2")));
  assert.equal(splitBlocks("```js\na\n\nb\n").inFence, true);
  assert.equal(splitBlocks("```js\na\n```\n").inFence, false);
});

const hunk = (
  kind: ReviewHunk["kind"],
  line: number,
  lines: number,
  oldText: string,
  newText: string,
): ReviewHunk => ({
  hunkId: `h${line}`,
  kind,
  line,
  lines,
  oldText,
  newText,
});

test("proposed and former texts, with insertions, deletions and foreign line ends", () => {
  const text = "a\r\nb\r\nc";
  assert.equal(proposedText(text, [hunk("proposed", 2, 1, "b\r\n", "B\r\nBB\r\n")]), "a\r\nB\r\nBB\r\nc");
  assert.equal(proposedText(text, [hunk("proposed", 2, 0, "", "new\r\n")]), "a\r\nnew\r\nb\r\nc");
  assert.equal(proposedText(text, [hunk("proposed", 1, 2, "a\r\nb\r\n", "")]), "c");
  assert.equal(formerText("a\nB\nc\n", [hunk("made", 2, 1, "b\n", "B\n")]), "a\nb\nc\n");
  assert.equal(proposedText("a\u2028b\n", [hunk("proposed", 1, 1, "a\u2028b\n", "c\n")]), "c\n");
});

test("a hunk is found again after lines were typed above it, and stays when its text is gone", () => {
  const one = hunk("proposed", 2, 1, "b\n", "B\n");
  assert.equal(relocated(textLines("x\ny\na\nb\nc\n"), one).line, 4);
  assert.equal(relocated(textLines("a\nchanged\nc\n"), one).line, 2);
  assert.equal(hunkAt([one], 1), one);
  assert.equal(hunkAt([one], 2), undefined);
});

test("only what the user set goes to the server, nested", () => {
  const set: Record<string, { globalValue?: unknown; workspaceValue?: unknown }> = {
    model: { globalValue: "ollama/x", workspaceValue: "openai/y" },
    "llm.max_retries": { globalValue: 0 },
    "server.command": { globalValue: ["cass"] },
    effort: {},
  };
  assert.deepEqual(
    userSettings(Object.keys(set), (key) => set[key]),
    { model: "openai/y", llm: { max_retries: 0 } },
  );
});

test("command lines are parted at blanks outside quotes", () => {
  assert.deepEqual(splitWords(`"/a b/python" -P -m cass --x='1 2'`), [
    "/a b/python",
    "-P",
    "-m",
    "cass",
    "--x=1 2",
  ]);
});

test("a server that a setting names and that is not there is an error, not passed over", () => {
  const places = { environ: { PATH: process.env.PATH }, extensionPath: "/nowhere", platform: process.platform };
  assert.match(String(findServer({ ...places, setting: ["/no/such/cass"] })), /cass\.server\.command names/);
  const found = findServer({ ...places, setting: [process.execPath, "x"] });
  assert.deepEqual(found, { command: process.execPath, args: ["x"], origin: "setting" });
  const none = findServer({ ...places, environ: { PATH: "/nowhere" }, setting: [] });
  assert.match(String(none), /pip install cass/);
});
