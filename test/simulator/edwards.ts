/** Arithmetic on the Edwards form of Curve25519, just what signing needs. Not constant-time: for test keys only. */
const FIELD_PRIME = 2n ** 255n - 19n;
export const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const CURVE_D = mod(-121665n * inverse(121666n));
const BASE_Y = mod(4n * inverse(5n));
const BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202n;
const SCALAR_BITS = 256;

/** Extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly t: bigint;
}

const IDENTITY: Point = { x: 0n, y: 1n, z: 1n, t: 0n };
let doubledBase: readonly Point[] | undefined;

/** Scalar times base point, encoded as Ed25519 does: y in 32 bytes, little-endian, the sign of x in the top bit. */
export function timesBase(scalar: bigint): Buffer {
  doubledBase ??= doublings({ x: BASE_X, y: BASE_Y, z: 1n, t: mod(BASE_X * BASE_Y) });
  let sum = IDENTITY;
  let rest = scalar;
  for (const point of doubledBase) {
    if (rest & 1n) sum = add(sum, point);
    rest >>= 1n;
  }
  const zInverse = inverse(sum.z);
  const bytes = toBytes(mod(sum.y * zInverse));
  bytes[31] = (bytes[31] ?? 0) | (Number(mod(sum.x * zInverse) & 1n) << 7);
  return bytes;
}

export function fromBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

export function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

export function mod(value: bigint): bigint {
  const rest = value % FIELD_PRIME;
  return rest < 0n ? rest + FIELD_PRIME : rest;
}

/** By Fermat: value to the power of p - 2. */
export function inverse(value: bigint): bigint {
  let result = 1n;
  let square = mod(value);
  for (let rest = FIELD_PRIME - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % FIELD_PRIME;
    square = (square * square) % FIELD_PRIME;
  }
  return result;
}

function doublings(base: Point): Point[] {
  const points = [base];
  for (let bit = 1, point = base; bit < SCALAR_BITS; bit++) {
    point = add(point, point);
    points.push(point);
  }
  return points;
}

/** The unified addition of twisted Edwards curves with a = -1; it doubles as well. */
function add(p: Point, q: Point): Point {
  const a = mod((p.y - p.x) * (q.y - q.x));
  const b = mod((p.y + p.x) * (q.y + q.x));
  const c = mod(2n * CURVE_D * mod(p.t * q.t));
  const d = mod(2n * p.z * q.z);
  const e = b - a;
  const f = d - c;
  const g = d + c;
  const h = b + a;
  return { x: mod(e * f), y: mod(g * h), z: mod(f * g), t: mod(e * h) };
}
