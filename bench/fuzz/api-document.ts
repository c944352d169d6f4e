export type Json = Readonly<Record<string, unknown>>;

/** A parameter of an operation, in its path, query or headers. */
export interface Parameter {
  readonly name: string;
  readonly place: 'path' | 'query' | 'header';
  readonly schema: Json;
}

/** What an operation may answer with one status. */
interface DocumentedAnswer {
  /** By content type; `undefined` schema: any content. */
  readonly contents: ReadonlyMap<string, unknown>;
  /** Error codes that are named for this status. */
  readonly codes: ReadonlySet<string>;
}

export interface Operation {
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly bodySchema: unknown;
  readonly answers: ReadonlyMap<number, DocumentedAnswer>;
  /** Takes the token of the administrator. */
  readonly isForAdmin: boolean;
}

/** An OpenAPI document as far as requests can be made from it and answers judged by it. */
export class ApiDocument {
  readonly operations: readonly Operation[];

  constructor(private readonly document: Json) {
    this.operations = Object.entries(recordIn(document, 'paths')).flatMap(([path, item]) =>
      Object.entries(asRecord(item)).map(([method, operation]) =>
        operationOf(method, path, asRecord(operation)),
      ),
    );
  }

  /** The schema itself, or what a reference points to. */
  resolve(schema: unknown): Json {
    const record = asRecord(schema);
    const reference = record['$ref'];
    if (typeof reference !== 'string') return record;
    let target: unknown = this.document;
    for (const part of reference.replace(/^#\//, '').split('/')) target = asRecord(target)[part];
    return this.resolve(target);
  }

  /** The operation that a request reaches, by the rules of the router: letter case and a final slash do not count. */
  operationAt(method: string, path: string): Operation | undefined {
    const wanted = method === 'HEAD' ? 'GET' : method;
    return this.operations.find((one) => one.method === wanted && patternOf(one.path).test(path));
  }
}

export function asRecord(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function recordIn(value: Json, name: string): Json {
  return asRecord(value[name]);
}

function listIn(value: Json, name: string): readonly unknown[] {
  const list = value[name];
  return Array.isArray(list) ? list : [];
}

const patterns = new Map<string, RegExp>();

function patternOf(path: string): RegExp {
  const known = patterns.get(path);
  if (known) return known;
  const pattern = new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`, 'i');
  patterns.set(path, pattern);
  return pattern;
}

function operationOf(method: string, path: string, operation: Json): Operation {
  const jsonBody = recordIn(recordIn(recordIn(operation, 'requestBody'), 'content'), 'application/json');
  return {
    method: method.toUpperCase(),
    path,
    parameters: listIn(operation, 'parameters').flatMap(parameterOf),
    bodySchema: jsonBody['schema'],
    answers: new Map(
      Object.entries(recordIn(operation, 'responses')).map(([status, answer]) => [
        Number(status),
        answerOf(asRecord(answer)),
      ]),
    ),
    isForAdmin: listIn(operation, 'security').some((one) => 'AdminToken' in asRecord(one)),
  };
}

function parameterOf(value: unknown): Parameter[] {
  const parameter = asRecord(value);
  const { name, in: place } = parameter;
  if (typeof name !== 'string') return [];
  if (place !== 'path' && place !== 'query' && place !== 'header') return [];
  return [{ name, place, schema: recordIn(parameter, 'schema') }];
}

function answerOf(answer: Json): DocumentedAnswer {
  const contents = Object.entries(recordIn(answer, 'content'));
  return {
    contents: new Map(contents.map(([type, content]) => [type, asRecord(content)['schema']])),
    codes: new Set(contents.flatMap(([, content]) => Object.keys(recordIn(asRecord(content), 'examples')))),
  };
}
