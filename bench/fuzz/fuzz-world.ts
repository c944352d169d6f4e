import { randomBytes } from 'node:crypto';
import type { Stage } from '../../test/support/stage.js';
import type { Sender } from './fuzz-request.js';

const LINKED_NUMBER = '5511988880801';
/** Called by plausible requests; a short ring frees its place soon. */
const CALLEE = '5511999999999';

/** The account and the instances that requests are about. Requests may damage them; `restore` makes them whole. */
export class FuzzWorld {
  private readonly tokens: Record<Sender, string>;

  private constructor(private readonly stage: Stage) {
    this.tokens = {
      account: stage.token,
      instance: '',
      admin: stage.adminToken,
      nobody: '',
      stranger: randomBytes(32).toString('hex'),
    };
  }

  static async create(stage: Stage): Promise<FuzzWorld> {
    const world = new FuzzWorld(stage);
    stage.simulator.addContact({ number: CALLEE });
    await stage.linkedInstance('linked', LINKED_NUMBER);
    await world.restore();
    return world;
  }

  tokenOf(sender: Sender): string {
    return this.tokens[sender];
  }

  /** Also forgets what has piled up, so that a long run does not measure its own leftovers. */
  async restore(): Promise<void> {
    const asAdmin = { token: this.stage.adminToken };
    await this.stage.post('/api/account/update/default', { enabled: true, instanceLimit: null }, asAdmin);
    const { body } = await this.stage.get('/api/account/list', asAdmin);
    for (const { name } of rowsIn(body.accounts)) {
      if (name !== 'default') await this.stage.delete(`/api/account/delete/${name}`, asAdmin);
    }
    await this.stage.post('/api/account/new', { name: 'victim' }, asAdmin);
    await this.restoreInstances();
  }

  private async restoreInstances(): Promise<void> {
    const { body } = await this.stage.get('/api/instance/list');
    for (const { name } of rowsIn(body.instances)) {
      if (name !== 'linked') await this.stage.delete(`/api/instance/delete/${name}`);
    }
    await this.stage.newInstance('victim');
    this.tokens.instance = (await this.stage.newInstance('shop')).token;
    await this.stage.post('/api/events/websocket/shop', { enabled: true });
    await this.stage.post('/api/instance/settings/linked', {
      minSecondsBetweenCalls: 0,
      numberCooldownSeconds: 0,
    });
  }
}

function rowsIn(value: unknown): { name: string }[] {
  if (!Array.isArray(value)) throw new Error('there is no list');
  return value.map((row: unknown) => {
    if (typeof row !== 'object' || row === null || !('name' in row)) throw new Error('there is no name');
    return { name: String(row.name) };
  });
}
