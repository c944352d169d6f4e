import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';

/** What a person can do while the demo runs. Each returns what happened, or throws an Error that says why nothing did. */
export interface Controls {
  scan(): Promise<string>;
  type(code: string): Promise<string>;
  stop(): void;
  say(line: string): void;
}

const CTRL_C = '\u0003';
const ENTER = /[\r\n]/;
const ERASE = /[\b\u007f]/;
const MAX_CODE = 64;

/** Takes the keys of a terminal one by one: s scans, c asks for a code and takes it with Enter, Ctrl-C ends. */
export function keyReader(controls: Controls): (key: string) => void {
  let code: string | undefined;
  return (key) => {
    if (key === CTRL_C) return controls.stop();
    if (code === undefined) {
      if (key === 's') void report(controls, () => controls.scan());
      if (key !== 'c') return;
      code = '';
      controls.say('Type the eight characters of the pairing code, then Enter:');
    } else if (ENTER.test(key)) {
      const typed = code;
      code = undefined;
      void report(controls, () => controls.type(typed));
    } else code = ERASE.test(key) ? code.slice(0, -1) : (code + key).slice(0, MAX_CODE);
  };
}

/** Keys need a terminal that passes each on at once. False: there is none. */
export function listenToKeys(controls: Controls): boolean {
  const { stdin } = process;
  if (!stdin.isTTY) return false;
  const take = keyReader(controls);
  stdin.setRawMode(true).setEncoding('utf8');
  stdin.on('data', (text: string) => [...text].forEach(take));
  return true;
}

/** The same by HTTP on loopback: `POST /scan`, and `POST /code` with the code as its body. */
export async function serveControls(controls: Controls): Promise<Server> {
  const server = createServer((request, response) => {
    const work = workOf(request, controls);
    const end = (status: number, line: string) =>
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${line}\n`);
    if (!work) return void end(404, 'POST /scan, or POST /code with the code as its body');
    work().then(
      (line) => {
        controls.say(line);
        end(200, line);
      },
      (cause: unknown) => end(409, wordsOf(cause)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function workOf(request: IncomingMessage, controls: Controls): (() => Promise<string>) | undefined {
  if (request.method !== 'POST') return undefined;
  if (request.url === '/scan') return () => controls.scan();
  if (request.url === '/code') return async () => controls.type(await bodyOf(request));
  return undefined;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text = (text + String(chunk)).slice(0, MAX_CODE);
  }
  return text;
}

async function report(controls: Controls, work: () => Promise<string>): Promise<void> {
  controls.say(await work().catch(wordsOf));
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
