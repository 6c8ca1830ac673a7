// A client made of the protocol's own TypeScript SDK, which checks every message. Run where the SDK is installed:
//   node sdk_client.mjs FOLDER AGENT [ARGUMENT...]
// It makes a session, approves an edit, cancels an answer, asks for the list, closes and loads; what it saw is one JSON object.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const acp = await import(pathToFileURL(createRequire(`${process.cwd()}/x.js`).resolve('@agentclientprotocol/sdk')).href);
const [cwd, command, ...args] = process.argv.slice(2);
const agentProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const seen = { updates: [], asked: [], text: '', files: [] };
let onChunk = () => {};

const client = acp
  .client({ name: 'trial' })
  .onNotification(acp.methods.client.session.update, ({ params: { update } }) => {
    seen.updates.push(update.sessionUpdate);
    if (update.sessionUpdate === 'agent_message_chunk') {
      seen.text += update.content.text;
      onChunk();
    }
  })
  .onRequest(acp.methods.client.session.requestPermission, ({ params }) => {
    seen.asked.push(params.toolCall.title);
    const yes = params.options.find((option) => option.kind === 'allow_once');
    return { outcome: { outcome: 'selected', optionId: yes.optionId } };
  })
  .onRequest(acp.methods.client.fs.readTextFile, ({ params }) => ({ content: fs.readFileSync(params.path, 'utf8') }))
  .onRequest(acp.methods.client.fs.writeTextFile, ({ params }) => {
    seen.files.push(params.path);
    fs.writeFileSync(params.path, params.content);
    return {};
  });

const stream = acp.ndJsonStream(Writable.toWeb(agentProcess.stdin), Readable.toWeb(agentProcess.stdout));
await client.connectWith(stream, async (agent) => {
  const { agent: to } = acp.methods;
  const say = (sessionId, text) => agent.request(to.session.prompt, { sessionId, prompt: [{ type: 'text', text }] });
  const started = await agent.request(to.initialize, {
    protocolVersion: acp.PROTOCOL_VERSION,
    clientCapabilities: { fs: { readTextFile: true, writeTextFile: true } },
  });
  const { sessionId } = await agent.request(to.session.new, { cwd, mcpServers: [] });
  const edited = await say(sessionId, 'please');
  const slow = say(sessionId, 'slowly');
  await new Promise((resolve) => (onChunk = resolve));
  await agent.notify(to.session.cancel, { sessionId });
  const cancelled = await slow;
  await agent.request(to.session.setMode, { sessionId, modeId: 'plan' });
  const { configOptions } = await agent.request(to.session.setConfigOption, {
    sessionId,
    configId: 'effort',
    value: 'low',
  });
  const { sessions } = await agent.request(to.session.list, { cwd });
  await agent.request(to.session.close, { sessionId });
  const live = seen.updates.length;
  await agent.request(to.session.load, { sessionId, cwd, mcpServers: [] });
  console.log(
    JSON.stringify({
      version: started.protocolVersion,
      agent: started.agentInfo.name,
      stops: [edited.stopReason, cancelled.stopReason],
      effort: configOptions.find((option) => option.id === 'effort').currentValue,
      titles: sessions.map((session) => session.title),
      replayed: seen.updates.slice(live),
      ...seen,
    }),
  );
});
agentProcess.stdin.end();
