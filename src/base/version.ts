// The program's version, in one place that needs no file to be read at run time.
// A test holds it against package.json.

export const version = '0.1.0'
