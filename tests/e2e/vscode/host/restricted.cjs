// A folder that VS Code does not trust: whatever was decided elsewhere, nothing of it acts.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { cass, folder, idle, run, say } = require("./support.cjs");

const marks = () => fs.readdirSync(path.join(folder(), "..", "marks"));

const tests = {
  async "a trusted folder's hooks and commands stay out in restricted mode"() {
    assert.equal(vscode.workspace.isTrusted, false);
    const api = await cass([{ text: "Answered." }]);
    await say(api, "hello");
    await idle(api);
    const { items, options, commands } = api.sessions.conversation;
    assert.ok(items.some((item) => item.text === "Answered."), JSON.stringify(items));
    assert.equal(options.find((option) => option.id === "mode").currentValue, "plan");
    assert.ok(!commands.some((command) => command.name === "evil"));
    assert.deepEqual(marks(), []);
  },
};

exports.run = () => run(tests);
