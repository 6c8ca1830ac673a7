const assert = require("node:assert");
const vscode = require("vscode");
const { approval, cass, idle, onDisk, open, run, say } = require("./support.cjs");

exports.run = () => run({
  async "a turn is told"() {
    const api = await cass([{ text: "Hello **there**." }]);
    await say(api, "hi");
    await idle(api);
    assert.deepEqual(api.sessions.conversation.items.map((i) => i.kind), ["user", "answer"]);
    assert.equal(api.sessions.conversation.items[1].text, "Hello **there**.");
  },
  async "edit"() {
    const api = await cass([{ tool_calls: [{ name: "edit_file", arguments: { path: "a.py", old_string: "b = 2", new_string: "b = 20" } }] }, { text: "done" }]);
    const ed = await open("a.py", "a = 1\nb = 2\nc = 3\n");
    await say(api, "go");
    const card = await approval(api);
    api.asking.answer(card.id, "allow_once");
    await idle(api);
    console.log("BUF", JSON.stringify(ed.document.getText()), ed.document.isDirty, JSON.stringify(onDisk("a.py")));
    assert.match(ed.document.getText(), /b = 20/);
    await vscode.commands.executeCommand("undo");
    assert.match(ed.document.getText(), /b = 2\n/);
  },
});
