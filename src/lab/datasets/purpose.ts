/** What needs the optional packages that data sets are made of. */
export const PURPOSE = 'data sets and their evaluation';
