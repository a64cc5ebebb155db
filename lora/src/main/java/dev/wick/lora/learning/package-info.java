/**
 * Learning while serving: events are queued, a background trainer makes better versions of adapters
 * from them, and publishes those that a gate lets through.
 */
package dev.wick.lora.learning;
