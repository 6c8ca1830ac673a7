// The model's window drawn as shares, and what of a conversation still counts.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContextGetResult } from "../src/protocol.ts";
import { emptyConversation, fold, type Update } from "../src/session/conversation.ts";
import { biggest, facts, stretches } from "../src/window/shares.ts";

const FOUND: ContextGetResult = {
  used: 3_000,
  size: 10_000,
  estimated: false,
  window: "configured",
  compactsAt: 8_000,
  parts: [
    { name: "system prompt", tokens: 1_000 },
    { name: "answers", tokens: 2_000 },
    { name: "rules", tokens: 0 },
  ],
  items: [
    { kind: "answers", name: "small", tokens: 500 },
    { kind: "answers", name: "big", tokens: 1_500 },
  ],
  total: { input: 5_000, output: 20, cacheRead: 1_000, cost: 0.25 },
};

test("the bar is the whole window: parts, what is free, what is kept free", () => {
  const shown = stretches(FOUND);
  assert.deepEqual(
    shown.map(({ name, tokens }) => [name, tokens]),
    [
      ["system prompt", 1_000],
      ["answers", 2_000],
      ["free", 5_000],
      ["kept free", 2_000],
    ],
  );
  assert.equal(shown.at(-1)?.share, 0.2);
});

test("a window that is overfull, or not known, is a full bar", () => {
  for (const found of [
    { ...FOUND, size: 2_500, compactsAt: 2_000 },
    { ...FOUND, size: 0, compactsAt: 0 },
  ]) {
    const sum = stretches(found).reduce((all, one) => all + one.share, 0);
    assert.ok(Math.abs(sum - 1) < 1e-9);
    assert.deepEqual(
      stretches(found).map((one) => one.name),
      ["system prompt", "answers"],
    );
  }
});

test("size, threshold and cost are said in words, the biggest items first", () => {
  assert.equal(
    facts(FOUND).join(" "),
    "3,000 of 10,000 tokens, 30 %. Window: configured. Beyond 8,000 tokens the conversation is made shorter. " +
      "Session so far: 5,000 tokens read (1,000 from the cache), 20 written, $0.2500.",
  );
  assert.equal(facts({ ...FOUND, estimated: true })[0], "~3,000 of 10,000 tokens, 30 %.");
  assert.deepEqual(
    biggest(FOUND).map((item) => item.name),
    ["big", "small"],
  );
});

const said = (turnId: string, text: string): Update => ({
  sessionUpdate: "user_message",
  turnId,
  messageId: text,
  content: [{ type: "text", text }],
});
const rewound = (turnId: string, rewindId: string, undoes?: string): Update => ({
  sessionUpdate: "_rewound",
  turnId,
  rewindId,
  scope: "both",
  ...(undoes ? { undoes } : {}),
});

test("what was taken back is marked, and no more when that is undone", () => {
  const it = emptyConversation("s", "/p");
  const gone = () => it.items.filter((item) => item.gone).map((item) => ("text" in item ? item.text : ""));
  for (const update of [said("1", "a"), said("2", "b"), said("3", "c"), rewound("3", "r1"), rewound("2", "r2")]) {
    fold(it, update);
  }
  assert.deepEqual(gone(), ["b", "c", "Went back to before a turn: conversation and files."]);
  fold(it, rewound("2", "r3", "r2"));
  assert.deepEqual(gone(), ["c"]);
  fold(it, { ...rewound("1", "r4"), scope: "files" } as Update);
  assert.deepEqual(gone(), ["c"]);
});

test("words that wait are shown until they are said or dropped; steering ones are not", () => {
  const it = emptyConversation("s", "/p");
  const waits = (messageId: string, steering = false): Update => ({
    sessionUpdate: "_prompt_queued",
    messageId,
    content: [{ type: "text", text: messageId }],
    steering,
  });
  for (const update of [waits("one"), waits("two"), waits("now", true), waits("one")]) {
    fold(it, update);
  }
  assert.deepEqual(
    it.queued.map((prompt) => prompt.text),
    ["one", "two"],
  );
  fold(it, said("2", "one"));
  fold(it, { sessionUpdate: "_prompt_dropped", messageId: "two" });
  assert.deepEqual(it.queued, []);
  fold(it, { ...waits("/compact"), turnId: "4" } as Update);
  fold(it, { sessionUpdate: "state_update", state: "running", turnId: "4" });
  assert.deepEqual(it.queued, [], "a command begins without a message");
});
