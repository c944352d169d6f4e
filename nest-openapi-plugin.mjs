import { before as describeClasses } from '@nestjs/swagger/plugin';

/**
 * The plugin of @nestjs/swagger 12.0.2, made fit for every folder. It takes the file of a class from TypeScript's text for
 * the class, `import("/path").Name`, and decodes the path as a URL. TypeScript writes it with escapes (`\u00e9`, `\"`)
 * instead, and leaves a `%` as it is: below a folder such as `José` or `100%20` the build would import files that do not exist.
 */
export const before = (options, program) => describeClasses(options, withEncodedPaths(program));

function withEncodedPaths(program) {
  return extend(program, {
    getTypeChecker() {
      const checker = program.getTypeChecker();
      return extend(checker, { typeToString: (...given) => encodePaths(checker.typeToString(...given)) });
    },
  });
}

function extend(object, members) {
  return Object.assign(Object.create(object), members);
}

function encodePaths(text) {
  return text.replace(
    /import\(("(?:[^"\\]|\\.)*")/g,
    (_, literal) => `import("${encodeURI(JSON.parse(literal))}"`,
  );
}
