/** A prompt by its id (`credit-card/welcome`, `system/position-3`) and language; control turns it into a file for the switch. */
export interface PromptRef {
  readonly prompt: string;
  readonly language: string;
  /** Version of the flow that the prompt is to sound as in; absent: as it is now. */
  readonly version?: string;
}
