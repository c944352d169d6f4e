/** The product cannot start and a person has to act; the message says how, in one line. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}
