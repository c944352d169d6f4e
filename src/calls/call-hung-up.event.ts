/** The time of a call was over and its phones were told to stop. Told again when that had to be repeated. */
export class CallHungUp {
  constructor(
    readonly plannedAt: Date,
    /** When the last phone was told. */
    readonly at: Date,
  ) {}
}
