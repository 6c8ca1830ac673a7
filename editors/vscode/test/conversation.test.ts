// Folding updates into a conversation.

import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyConversation, fold, openChanges, type Update } from "../src/session/conversation.ts";
import { OUTPUT_KEPT } from "../src/session/tools.ts";

function told(...updates: Update[]) {
  const it = emptyConversation("s", "/p");
  for (const update of updates) {
    fold(it, update);
  }
  return it;
}

const chunk = (text: string, messageId = "m"): Update => ({
  sessionUpdate: "agent_message_chunk",
  messageId,
  content: { type: "text", text },
});

test("chunks grow, and the whole message has the last word", () => {
  const it = told(chunk("Hel"), chunk("lo"), {
    sessionUpdate: "agent_message",
    messageId: "m",
    content: [{ type: "text", text: "Hello." }],
  });
  assert.equal(it.items.length, 1);
  assert.deepEqual(it.items[0], {
    kind: "answer",
    id: "m",
    thinking: "",
    text: "Hello.",
    live: false,
    interrupted: false,
  });
});

test("a discarded message goes away, and its repetition is shown once", () => {
  const it = told(chunk("broken"), { sessionUpdate: "_message_discarded", messageId: "m" }, chunk("whole"));
  assert.deepEqual(
    it.items.map((item) => item.kind === "answer" && item.text),
    ["whole"],
  );
});

test("a message of tool calls alone leaves nothing to read", () => {
  const call = { type: "tool_call" as const, id: "t", name: "glob" };
  const it = told({ sessionUpdate: "agent_message", messageId: "m", content: [call] });
  assert.equal(it.items.length, 0);
});

test("a tool's live output is kept up to its end only", () => {
  const piece = "x".repeat(30_000);
  const say = (text: string): Update => ({
    sessionUpdate: "tool_call_content_chunk",
    toolCallId: "t",
    content: { type: "content", content: { type: "text", text } },
  });
  const it = told(say(piece), say(piece), say("end"));
  const [tool] = it.items;
  assert.ok(tool?.kind === "tool");
  assert.equal(tool.output.length, OUTPUT_KEPT);
  assert.ok(tool.output.endsWith("end"));
});

test("what the editor tells the model is not shown as the user's words", () => {
  const it = told(
    {
      sessionUpdate: "user_message",
      messageId: "1",
      content: [{ type: "text", text: "changed" }],
      source: "editor",
    },
    {
      sessionUpdate: "user_message",
      messageId: "2",
      content: [
        { type: "text", text: "hi" },
        { type: "resource", resource: { uri: "file:///p/a%20b.py#L3-L9", text: "…" } },
        { type: "text", text: "\n\n[Editor]\nActive file: file:///p/x.py" },
      ],
    },
  );
  assert.deepEqual(it.items, [{ kind: "user", id: "2", text: "hi", attached: ["a b.py:3-9"], steering: false }]);
});

test("a turn that failed says why, one that was stopped says so, one that is done says nothing", () => {
  const idle = (more: object): Update => ({ sessionUpdate: "state_update", state: "idle", ...more }) as Update;
  const texts = [
    idle({
      stopReason: "error",
      error: { kind: "rate_limited", message: "Too many requests.", hint: "Wait a minute." },
    }),
    idle({ stopReason: "cancelled" }),
    idle({ stopReason: "end_turn" }),
  ].map((update) => told(update).items.map((item) => item.kind === "notice" && item.text));
  assert.deepEqual(texts, [["Too many requests. Wait a minute."], ["Stopped."], []]);
});

test("a server that does its work is not shown; one that needs the user is a line", () => {
  const server = (state: string, text = ""): Update =>
    ({ sessionUpdate: "_mcp_update", server: "files", state, tools: 0, text }) as Update;
  const texts = [
    server("starting"),
    server("ready"),
    server("failed", "it ended"),
    server("changed", "other words"),
  ];
  assert.deepEqual(
    texts.map((update) => told(update).items.map((item) => item.kind === "notice" && item.text)),
    [[], [], ["MCP server files does not run: it ended"], ["MCP server files has changed: other words"]],
  );
});

test("a hook that did nothing is not shown; what one says, refuses or does wrong is a line", () => {
  const hook = (state: string, text = ""): Update =>
    ({ sessionUpdate: "_hook_update", hookId: "h", hookEvent: "PreToolUse", name: "check", state, text }) as Update;
  const texts = [
    hook("running"),
    hook("done"),
    hook("done", "tidy"),
    hook("blocked", "no"),
    hook("timed_out", "x"),
  ];
  assert.deepEqual(
    texts.map((update) => told(update).items.map((item) => item.kind === "notice" && [item.level, item.text])),
    [
      [],
      [],
      [["info", "Hook check: tidy"]],
      [["warning", "Hook check said no: no"]],
      [["warning", "Hook check ran too long: x"]],
    ],
  );
  const words = { sessionUpdate: "user_message", messageId: "1", source: "hook", content: [] };
  assert.deepEqual(told(words as unknown as Update).items, []);
});

test("a reminder is a line when it fires, and known until it is over", () => {
  const it = emptyConversation("s", "/p");
  const update = (state: string, at: string | null): Update =>
    ({
      sessionUpdate: "_reminder_update",
      reminderId: "r",
      prompt: "look\n again",
      every: 60,
      state,
      at,
    }) as Update;
  fold(it, update("waiting", "2026-11-26T09:30:00+00:00"));
  assert.deepEqual([it.items.length, it.reminders.size], [0, 1]);
  fold(it, update("fired", null));
  assert.deepEqual(
    it.items.map((item) => item.kind === "notice" && item.text),
    ["Loop: look again"],
  );
  assert.equal(it.reminders.size, 0);
});

test("a queued prompt waits beside the list until it is said", () => {
  const it = emptyConversation("s", "/p");
  it.queued.push({ id: "q", text: "next", turn: "1" });
  fold(it, { sessionUpdate: "user_message", messageId: "q", content: [{ type: "text", text: "next" }] });
  assert.deepEqual([it.queued.length, it.items.length], [0, 1]);
});

test("kinds of a newer server change nothing", () => {
  const it = told({ sessionUpdate: "_of_tomorrow" } as unknown as Update);
  assert.equal(it.items.length, 0);
  assert.deepEqual(openChanges(it), { files: 0, hunks: 0 });
});

const step = (step: string, state: "running" | "done" | "failed" | "skipped", attempt = 1): Update => ({
  sessionUpdate: "_step_update",
  runId: "r",
  command: "run",
  step,
  title: step && "ls",
  state,
  attempt,
});

test("a step is one line, which tells how it stands", () => {
  const it = told(
    step("", "running"),
    step("a", "running"),
    step("a", "running", 2),
    step("a", "failed"),
    step("b", "skipped"),
  );
  const lines = it.items.map((item) => (item.kind === "notice" ? [item.text, item.level] : []));
  assert.deepEqual(lines, [
    ["▸ /run", "info"],
    ["✗ a ls", "error"],
    ["– b ls", "info"],
  ]);
});

test("a sub-agent is one line, which tells how it stands", () => {
  const one = (state: "waiting" | "running" | "done", more: object = {}): Update => ({
    sessionUpdate: "_agent_update",
    agentId: "a",
    name: "explore-1",
    profile: "explore",
    task: "look around",
    state,
    ...more,
  });
  const it = told(one("waiting"), one("running", { activity: "Read a.py" }));
  const line = () => it.items.map((item) => (item.kind === "notice" ? item.text : ""));
  assert.deepEqual(line(), ["▸ explore-1: look around · Read a.py"]);
  fold(it, one("done", { text: "It is 42.\nMore.", usage: { input: 1200, output: 34, cost: 0.5 } }));
  assert.deepEqual(line(), ["✓ explore-1: look around · It is 42. (1,234 tokens, $0.5000)"]);
});
