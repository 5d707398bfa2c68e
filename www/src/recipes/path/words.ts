/** The questionnaire's word pairs, fifteen on each of four scales, first pole on the left: our own. And texts of achievements. */

type Pair = [first: string, second: string];

const IE: Pair[] = [
  ["recharges alone", "recharges among people"], ["thinks, then speaks", "thinks by speaking"], ["a few close friends", "many acquaintances"],
  ["listens first", "joins in first"], ["a quiet corner", "the middle of the room"], ["keeps feelings inside", "shows feelings at once"],
  ["writes a letter", "makes a call"], ["one thing in depth", "many things at a time"], ["waits to be asked", "offers an opinion"],
  ["tired by company", "tired by silence"], ["works behind a closed door", "works at a shared table"], ["is slow to trust", "is quick to trust"],
  ["stays for the evening in", "goes for the evening out"], ["reserved", "outgoing"], ["observes a game", "plays the game"],
];
const SN: Pair[] = [
  ["what is", "what could be"], ["facts", "meanings"], ["a proven way", "a new way"], ["details", "the whole"], ["practical", "imaginative"],
  ["takes words as they are", "reads between the lines"], ["today's task", "next year's plan"], ["hands-on", "theory"], ["recipes", "improvisation"],
  ["sees the tree", "sees the forest"], ["experience", "hunch"], ["exact figures", "rough patterns"], ["remembers what was said", "remembers what was meant"],
  ["plain prose", "metaphor"], ["repairs the old", "invents the new"],
];
const FT: Pair[] = [
  ["decides by values", "decides by reasons"], ["kind first", "accurate first"], ["mercy", "justice"], ["wants harmony", "wants clarity"], ["warm", "cool"],
  ["praises", "corrects"], ["moved by a story", "moved by an argument"], ["asks who is affected", "asks what is true"], ["soft-hearted", "firm-minded"],
  ["takes it personally", "takes it factually"], ["persuades by sympathy", "persuades by logic"], ["forgives", "weighs"], ["a good team", "a good result"],
  ["feels the mood of a room", "finds the fault in a plan"], ["tactful", "blunt"],
];
const JP: Pair[] = [
  ["plans ahead", "sees what comes"], ["early", "at the last minute"], ["tidy desk", "busy desk"], ["decides now", "keeps it open"], ["lists", "moods"],
  ["finishes first, then plays", "plays, then finishes"], ["rules help", "rules hinder"], ["a fixed time", "some time"], ["packs a day before", "packs at the door"],
  ["likes to close", "likes to begin"], ["routine", "variety"], ["one project until done", "several under way"], ["prepared", "spontaneous"],
  ["dislikes surprises", "enjoys surprises"], ["steady pace", "bursts"],
];

/** Of question 1 to 60: the scales take turns. */
export function pairOf(question: number): Pair {
  const scale = [IE, SN, FT, JP][(question - 1) % 4] ?? IE;
  return scale[Math.floor((question - 1) / 4)] ?? ["", ""];
}

export const SCALES = [
  { key: "IE", name: "Introverted – extraverted" },
  { key: "SN", name: "Sensing – intuitive" },
  { key: "FT", name: "Feeling – thinking" },
  { key: "JP", name: "Judging – perceiving" },
] as const;

export const ACHIEVEMENTS: Record<string, { title: string; text: string }> = {
  "first-day": { title: "First day", text: "Complete a routine" },
  century: { title: "Century", text: "Complete 100 routines" },
  "week-warrior": { title: "Week warrior", text: "Seven days in a row" },
  "month-master": { title: "Month master", text: "Thirty days in a row" },
  "night-and-day": { title: "Night and day", text: "Both routines on one day" },
  "first-journal": { title: "First journal", text: "Write a journal" },
  "insight-seeker": { title: "Insight seeker", text: "Log ten insights" },
  alchemist: { title: "Alchemist", text: "Transmute ten urges" },
  "self-knower": { title: "Self-knower", text: "Answer all sixty questions" },
  listener: { title: "Listener", text: "Rate seven attunements" },
};

export const MOON = ["New moon", "Waxing crescent", "First quarter", "Waxing gibbous", "Full moon", "Waning gibbous", "Last quarter", "Waning crescent"];
