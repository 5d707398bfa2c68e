/** The recipes, by the names that stand in addresses, folders and the configuration. */

export const RECIPE_NAMES = ["context", "path", "projects"] as const;
export type RecipeName = (typeof RECIPE_NAMES)[number];
