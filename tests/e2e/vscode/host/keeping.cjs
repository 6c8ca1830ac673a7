// Long sessions in the real extension host: the window measured, made shorter and given back, the summary, the search.

const assert = require("node:assert");
const vscode = require("vscode");
const { cass, idle, run, say, until } = require("./support.cjs");

const texts = (api) => api.sessions.conversation.items.map((item) => item.text);
const command = (name, ...given) => vscode.commands.executeCommand(`cass.session.${name}`, ...given);

const tests = {
  async "the context is shown and follows; it is made shorter, rewritten and given back"() {
    const long = "many words ".repeat(3_000);
    const api = await cass([{ text: long }, { text: "Second." }]);
    await say(api, "first");
    await idle(api);
    await say(api, "second");
    await idle(api);
    await command("context");
    const before = await until("what is shown", () => api.panel.found);
    assert.equal(before.compacted, false);
    assert.ok(before.parts.some((part) => part.name === "answers" && part.tokens > 2_000));
    const tabs = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await until("the panel", () => tabs().some((tab) => tab.label === "cass: Context"));
    await command("compact");
    const after = await until("what is left", () => api.panel.found?.compacted && api.panel.found);
    assert.ok(after.used < before.used);
    assert.equal(after.summary, "The work went on as the script says.");
    assert.ok(texts(api).some((text) => /^Made shorter/.test(text ?? "")), JSON.stringify(texts(api)));
    await command("summary");
    const editor = await until("the summary", () => {
      const { activeTextEditor: active } = vscode.window;
      return active?.document.uri.scheme === "cass-summary" && active;
    });
    assert.equal(editor.document.getText(), after.summary);
    const whole = new vscode.Range(0, 0, editor.document.lineCount, 0);
    await editor.edit((change) => change.replace(whole, "The user wants rhymes.\n"));
    assert.equal(await editor.document.save(), true);
    await until("the user's summary", () => api.panel.found.summary === "The user wants rhymes.");
    await command("uncompact");
    await until("all of it again", () => api.panel.found.compacted === false);
    assert.ok(texts(api).includes("The model reads again what was left out."), JSON.stringify(texts(api)));
  },

  async "an empty summary is not taken, and stays to be written"() {
    const api = await cass([{ text: "many words ".repeat(3_000) }, { text: "Second." }]);
    for (const words of ["first", "second", "/compact"]) {
      await say(api, words);
      await idle(api);
    }
    await command("summary");
    const editor = await until("the summary", () => vscode.window.activeTextEditor);
    await editor.edit((change) => change.delete(new vscode.Range(0, 0, editor.document.lineCount, 0)));
    assert.equal(await editor.document.save(), false);
    assert.equal(editor.document.isDirty, true);
    await command("context");
    assert.ok(api.panel.found.summary);
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  },

  async "the list of sessions looks for what is typed in all that was said"() {
    const api = await cass([{ text: "Nothing but cauliflower." }]);
    await say(api, "remember the vegetable");
    await idle(api);
    const { sessionId } = api.sessions.conversation;
    await api.sessions.fresh();
    const browsing = command("search", "cauliflower");
    await until("the session", async () => {
      await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
      return api.sessions.conversation.sessionId === sessionId;
    });
    await browsing;
  },
};

exports.run = () => run(tests);
