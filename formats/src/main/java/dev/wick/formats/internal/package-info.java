/** How files are read and written; not exported. */
package dev.wick.formats.internal;
