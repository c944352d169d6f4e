import { bytesIn, offersOf } from '../support/outreach.js';
import { Stage } from '../support/stage.js';

const CALLER = '491510000080';
const WEEK_SECONDS = 7 * 86_400;

describe('trust tokens', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ SESSION_OPENS_PER_SECOND: '0' });
    await stage.linkedInstance('shop', CALLER);
  });

  afterAll(async () => {
    await stage.close();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  async function call(number: string): Promise<string> {
    const { status, body } = await stage.call('shop', { number, duration: 1 });
    expect(status).toBe(200);
    return String(body.callId);
  }

  /** The token in the offer of a call. */
  function shownIn(callId: string): Buffer | undefined {
    const offer = offersOf(stage.simulator, CALLER).find(({ attrs }) => attrs['call-id'] === callId);
    expect(offer).toBeDefined();
    return bytesIn(offer, 'privacy');
  }

  /** A token that the product has stored; it acknowledges the notification after that. */
  async function tokenFrom(contact: string, issuedAtSeconds?: number): Promise<Buffer> {
    const acknowledged = () =>
      stage.simulator.stanzas.filter(
        ({ account, direction, node }) =>
          account === CALLER &&
          direction === 'in' &&
          node.tag === 'ack' &&
          node.attrs.type === 'privacy_token',
      ).length;
    const before = acknowledged();
    const token = stage.simulator.trustTokens.send(CALLER, contact, issuedAtSeconds);
    await stage.until(() => acknowledged() > before, 'the token is stored');
    return token;
  }

  const issuedTo = (contact: string) =>
    stage.simulator.trustTokens.issuedBy(CALLER).filter(({ to }) => to === contact).length;

  it('of the account are issued once to each callee: over several calls, at once, and over a kill', async () => {
    const [known, other] = [stage.newContact(), stage.newContact()];
    await Promise.all([call(known), call(known), call(known), call(other)]);
    await call(known);
    await stage.until(() => issuedTo(known) > 0 && issuedTo(other) > 0, 'both got a token');
    await stage.product.kill();
    await stage.restart();
    await stage.untilStatus('shop', 'connected', 20_000);
    await Promise.all([call(known), call(other)]);
    // Issued in the order of the calls, so by now a second token would have come.
    const third = stage.newContact();
    await call(third);
    await stage.until(() => issuedTo(third) === 1, 'a new callee gets a token');
    expect([issuedTo(known), issuedTo(other)]).toEqual([1, 1]);
  });

  it('of a callee go into the offer while they are good, also after a restart', async () => {
    const [known, stale] = [stage.newContact(), stage.newContact()];
    expect(shownIn(await call(known))).toBeUndefined();
    const token = await tokenFrom(known);
    await tokenFrom(stale, Math.floor(Date.now() / 1000) - 4 * WEEK_SECONDS);
    expect(shownIn(await call(known))).toEqual(token);
    expect(shownIn(await call(stale))).toBeUndefined();
    await stage.product.kill();
    await stage.restart();
    await stage.untilStatus('shop', 'connected', 20_000);
    expect(shownIn(await call(known))).toEqual(token);
    const newer = await tokenFrom(known);
    expect(shownIn(await call(known))).toEqual(newer);
  });
});
