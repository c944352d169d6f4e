import { Stage } from '../support/stage.js';
import { SocketClient } from '../unit/webhooks/support/socket-client.js';

/** Far below the 25 seconds between two heartbeats, which notice it anyway; generous for a machine under load. */
const AT_ONCE_MS = 5000;

describe('an open WebSocket whose token is replaced', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open();
  });
  afterAll(() => stage.close());

  async function openBoth(name: string): Promise<{ byInstance: SocketClient; byAccount: SocketClient }> {
    const { token } = await stage.newInstance(name, { websocketEnabled: true });
    const [byInstance, byAccount] = await Promise.all(
      [token, stage.token].map((token) => SocketClient.open(`${stage.product.url}/ws/${name}`, { token })),
    );
    if (!byInstance || !byAccount) throw new Error('the WebSockets did not open');
    return { byInstance, byAccount };
  }

  async function closesAtOnce({ socket, closed }: SocketClient): Promise<void> {
    await stage.until(() => socket.readyState === socket.CLOSED, 'the WebSocket is closed', AT_ONCE_MS);
    expect(await closed).toEqual({ code: 1008, reason: 'Invalid token' });
  }

  it('is closed at once when it is the token of the instance, and the others stay', async () => {
    const { byInstance, byAccount } = await openBoth('shop');
    await stage.post('/api/instance/rotateToken/shop');
    await closesAtOnce(byInstance);
    expect(byAccount.socket.readyState).toBe(byAccount.socket.OPEN);
  });

  it('is closed at once when it is the token of the account, and the others stay', async () => {
    const { byInstance, byAccount } = await openBoth('branch');
    const { body } = await stage.post('/api/account/rotateToken/default', undefined, {
      token: stage.adminToken,
    });
    stage.token = (body.account as { token: string }).token;
    await closesAtOnce(byAccount);
    expect(byInstance.socket.readyState).toBe(byInstance.socket.OPEN);
  });
});
