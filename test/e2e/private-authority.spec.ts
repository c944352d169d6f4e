import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeAuthority, makeCertificate } from '../support/certificates.js';
import { Stage } from '../support/stage.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const HOST = '127.0.0.1';

interface Delivery {
  readonly label: string;
  readonly error: string | null;
  readonly status: string;
}

describe('webhooks to receivers with certificates of a private authority', () => {
  let stage: Stage;
  let folder: string;
  let receivers: Record<string, WebhookReceiver>;

  beforeAll(async () => {
    const authority = makeAuthority();
    folder = await mkdtemp(path.join(tmpdir(), 'ringdrop-authority-'));
    const file = path.join(folder, 'authority.pem');
    await writeFile(file, authority.certPem);
    stage = await Stage.open({ WEBHOOK_ALLOW_PRIVATE: 'true', NODE_EXTRA_CA_CERTS: file });
    const certificates = {
      trusted: makeCertificate([HOST], authority),
      certificate_expired: makeCertificate([HOST], authority, -1),
      certificate_wrong_name: makeCertificate(['hooks.example.com'], authority),
      certificate_self_signed: makeCertificate([HOST]),
      certificate_unknown_ca: makeCertificate([HOST], makeAuthority('Another authority')),
    };
    receivers = {};
    for (const [label, certificate] of Object.entries(certificates))
      receivers[label] = await WebhookReceiver.start(() => 200, 0, certificate);
  });

  afterAll(async () => {
    await stage.close();
    for (const receiver of Object.values(receivers)) await receiver.close();
    await rm(folder, { recursive: true });
  });

  it('arrive when NODE_EXTRA_CA_CERTS names the authority, and else each delivery says what is wrong', async () => {
    const labels = Object.keys(receivers);
    // Three can be enabled on one instance.
    const instances = { one: labels.slice(0, 3), two: labels.slice(3) };
    const deliveries: Delivery[] = [];
    for (const [name, own] of Object.entries(instances)) {
      await stage.newInstance(name);
      for (const label of own) {
        const url = receivers[label]?.url;
        expect((await stage.post(`/api/events/webhook/${name}`, { label, enabled: true, url })).status).toBe(
          200,
        );
      }
      await stage.get(`/api/instance/connect/${name}`);
      const tried = async () => {
        const { body } = await stage.get(`/api/events/deliveries/${name}`);
        const found = body.deliveries as Delivery[];
        const firsts = own.map((label) => found.findLast((delivery) => delivery.label === label));
        const isTried = firsts.every((one) => one && (one.error !== null || one.status === 'delivered'));
        if (isTried) deliveries.push(...firsts.filter((one) => one !== undefined));
        return isTried;
      };
      await stage.until(tried, 'every webhook is tried');
    }
    for (const { label, status, error } of deliveries) {
      if (label === 'trusted') expect({ status, error }).toEqual({ status: 'delivered', error: null });
      else expect(error).toMatch(new RegExp(`^${label}: the certificate of the receiver\\b`));
    }
    expect(receivers.trusted?.received.length).toBeGreaterThan(0);
    for (const label of labels.slice(1)) expect(receivers[label]?.received).toEqual([]);
  });
});
