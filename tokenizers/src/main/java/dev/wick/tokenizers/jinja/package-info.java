/**
 * A sandboxed evaluator of Jinja templates with the semantics that Hugging Face chat templates rely
 * on: Python jinja2's {@code ImmutableSandboxedEnvironment} with {@code trim_blocks}, {@code
 * lstrip_blocks}, loop controls and the {@code generation} tag.
 *
 * <p>Values are a closed set of types; no Java object is ever reflected upon. Time, output and
 * depth are bounded by {@link dev.wick.tokenizers.jinja.TemplateLimits}.
 */
package dev.wick.tokenizers.jinja;
