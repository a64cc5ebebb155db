/** The names of adapters, modules and parameters, and what they mean; not exported. */
package dev.wick.lora.name;
