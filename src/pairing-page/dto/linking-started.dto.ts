import { Answer } from '../../instances/dto/answer.dto.js';

/** What comes of it is told by the events. */
export class LinkingStarted extends Answer {}
