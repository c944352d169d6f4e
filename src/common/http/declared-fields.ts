import { getMetadataStorage } from 'class-validator';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { DomainError } from '../errors/domain-error.js';

/** No request of the API needs more; checking a value costs about ten times as much as reading it. */
const MAX_VALUES = 200;
/** With the flag `u` it takes pairs for one character, so that only halves are found. */
const HALF_OF_A_PAIR = /\p{Surrogate}/u;

type Class = abstract new (...given: never[]) => object;

/** Fields that a DTO class declares; with the class of the nested DTO, if there is one. */
type Fields = ReadonlyMap<string, Class | undefined>;

const known = new WeakMap<Class, Fields>();

/**
 * The part of a request that its DTO declares: transformation and checks get to see nothing else, so what nobody declares
 * costs nothing. A class without a rule gets everything.
 * @param refused makes the error from its detail
 */
export function declaredPart(given: object, dto: Class, refused: (detail: string) => DomainError): object {
  return new Cut(refused).fieldsOf(given, dto, '');
}

class Cut {
  private values = 0;

  constructor(private readonly refused: (detail: string) => DomainError) {}

  fieldsOf(given: object, dto: Class, path: string): object {
    const declared = declaredFields(dto);
    if (declared.size === 0) return given;
    const part: Record<string, unknown> = {};
    for (const [name, nested] of declared) {
      const own = Object.getOwnPropertyDescriptor(given, name);
      if (own) part[name] = this.valueOf(own.value, nested, path + name);
    }
    return part;
  }

  private valueOf(value: unknown, nested: Class | undefined, path: string): unknown {
    this.values += 1;
    if (this.values > MAX_VALUES) throw this.refused(`it has more than ${MAX_VALUES} values`);
    if (typeof value === 'string') this.requireWhole(value, path);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      return value.map((one: unknown, index) => this.valueOf(one, nested, `${path}.${index}`));
    }
    if (nested) return this.fieldsOf(value, nested, `${path}.`);
    // A list of all entries would be made before the limit is noticed.
    for (const key in value) {
      this.requireWhole(key, path);
      this.valueOf(Reflect.get(value, key), undefined, `${path}.${key}`);
    }
    return value;
  }

  /** Half of a surrogate pair, as `"\ud800"` in JSON, has no UTF-8: it would be stored as another character. */
  private requireWhole(text: string, path: string): void {
    if (HALF_OF_A_PAIR.test(text)) {
      throw this.refused(`it is not valid UTF-8: ${path} has half of a surrogate pair`);
    }
  }
}

function declaredFields(dto: Class): Fields {
  const cached = known.get(dto);
  if (cached) return cached;
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  const fields = new Map(
    rules.map(({ propertyName }) => [propertyName, nestedIn(dto, propertyName)] as const),
  );
  known.set(dto, fields);
  return fields;
}

function nestedIn(dto: Class, property: string): Class | undefined {
  // The storage answers `undefined` for most properties, whatever its types say.
  const type = defaultMetadataStorage.findTypeMetadata(dto, property) as
    { readonly typeFunction: () => unknown } | undefined;
  const nested = type?.typeFunction();
  return isClass(nested) ? nested : undefined;
}

function isClass(value: unknown): value is Class {
  return typeof value === 'function';
}
