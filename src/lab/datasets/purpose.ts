/** The purpose of the optional packages for data sets, for error messages. */
export const PURPOSE = 'data sets and their evaluation';
