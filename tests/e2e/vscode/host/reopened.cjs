// A window opened again where the one before was killed in a turn, and a folder that another process works in.

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const { cass, idle, play, run, say, until } = require("./support.cjs");

/** Another client of another server: enough of it to hold a session. */
function otherWindow() {
  const [, program, rest] = /^"([^"]+)" (.*)$/.exec(process.env.CASS_SERVER);
  const server = spawn(program, [...rest.split(" "), "serve", "--ndjson"], { stdio: ["pipe", "pipe", "ignore"] });
  const waiting = new Map();
  let buffer = "";
  let count = 0;
  server.stdout.on("data", (data) => {
    const lines = (buffer + data).split("\n");
    buffer = lines.pop();
    for (const message of lines.filter(Boolean).map((line) => JSON.parse(line))) {
      waiting.get(message.id)?.(message);
    }
  });
  const call = (method, params) =>
    new Promise((resolve) => {
      count += 1;
      waiting.set(count, resolve);
      server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: count, method, params })}\n`);
    });
  return { call, end: () => server.stdin.end() };
}

const tests = {
  async "the last session is there again, its unfinished turn marked"() {
    const api = await cass();
    const it = await until("the session of before", () => {
      const shown = api.sessions.conversation;
      return shown?.items.some((item) => item.kind === "notice") && shown;
    });
    assert.equal(it.items[0].text, "go");
    assert.equal(it.state, "idle");
    assert.equal(it.items.find((item) => item.kind === "tool").status, "cancelled");
    assert.ok(it.items.some((item) => item.kind === "notice" && /interrupted|Stopped/.test(item.text)), JSON.stringify(it.items));
  },

  async "two windows on one folder do not fight"() {
    const api = await cass([{ text: "Mine." }]);
    await say(api, "this is my session");
    await idle(api);
    const { sessionId, cwd } = api.sessions.conversation;
    const other = otherWindow();
    try {
      await other.call("initialize", { capabilities: { experimental: { cass: { protocolVersions: [1] } } } });
      const busy = await other.call("cass/session/resume", { sessionId });
      assert.equal(busy.error.data.kind, "session_busy", "what is open here is not taken from here");
      await api.connection.stop();
      const taken = await other.call("cass/session/resume", { sessionId });
      assert.equal(taken.result.cwd, cwd);
      await api.connection.start();
      const fresh = await until("a session of its own", () => {
        const shown = api.sessions.conversation;
        return shown && shown.sessionId !== sessionId && shown.items.length > 0 && shown;
      });
      assert.match(fresh.items[0].text, /was not opened/);
    } finally {
      other.end();
    }
    await play(api, [{ text: "Still works." }]);
    await say(api, "hello");
    await idle(api);
    assert.equal(api.sessions.conversation.items[1].text, "Still works.");
  },
};

exports.run = () => run(tests);
