/** The database has not taken a heartbeat for 3 s: soon this process may send nothing any more, and it is time to hang up. */
export class HeartbeatLate {}
