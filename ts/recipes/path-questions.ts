/** The questions of attunements, four on each topic; which one a day asks, the logic says. */
import type { EntryType } from "./path-types.js";

/** In the order of ties. */
export const TOPICS: EntryType[] = ["Urge/Symptom", "Kata Performed", "Win", "Leak/Drain", "Insight"];

export const QUESTIONS: Record<EntryType, string[]> = {
  "Urge/Symptom": [
    "What was there in the minute before the urge came?",
    "Which need did the urge speak for, and how else could it be met?",
    "Where in the body does it begin, and what happens if you stay there for three breaths?",
    "Who would you be this evening if today's urge became movement?",
  ],
  "Kata Performed": [
    "What did your practice change in the hour that followed it?",
    "Which part of the practice do you rush, and what waits there?",
    "When would a shorter practice have been the braver one?",
    "What does your practice prepare you for today?",
  ],
  Win: [
    "What did you do differently that made this win possible?",
    "Who could you thank for it today?",
    "What small thing would repeat it tomorrow?",
    "What did the win ask you to give up, and was it worth it?",
  ],
  "Leak/Drain": [
    "Where did your energy go that you did not choose?",
    "Which promise could you take back, kindly?",
    "What would have to be true for that hour to give energy instead?",
    "What is the first sign that a drain has begun?",
  ],
  Insight: [
    "What do you know today that you did not know last week?",
    "Which of your beliefs deserves to be tested today?",
    "What did a mistake teach you lately?",
    "If you wrote one sentence for yourself in a year, what would it say?",
  ],
};
