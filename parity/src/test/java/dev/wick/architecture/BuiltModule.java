package dev.wick.architecture;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.Annotation;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A folder of the repository that holds production code, as the build left it. Found by looking, so
 * that the rules cover a module from the day it appears.
 */
record BuiltModule(Path folder) {
  /** The root of the repository; tests run in the folder of their own module. */
  static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  /** The folders that the parent POM names, as far as they hold production code. */
  static List<BuiltModule> withSources() throws IOException {
    return moduleNames().stream()
        .map(ROOT::resolve)
        .filter(Files::isDirectory)
        .map(BuiltModule::new)
        .filter(module -> !module.sources().isEmpty())
        .toList();
  }

  /** Those of them that are compiled; in a build of the whole, all. */
  static List<BuiltModule> compiled() throws IOException {
    return withSources().stream().filter(module -> Files.isDirectory(module.classes())).toList();
  }

  /** Those of them that are compiled and have a module descriptor. */
  static List<BuiltModule> described() throws IOException {
    return compiled().stream().filter(module -> Files.exists(module.descriptorFile())).toList();
  }

  private static Set<String> moduleNames() throws IOException {
    return Files.readString(ROOT.resolve("pom.xml"))
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("<module>"))
        .map(line -> line.substring("<module>".length(), line.indexOf("</module>")))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  Path classes() {
    return folder.resolve("target/classes");
  }

  Path descriptorFile() {
    return classes().resolve("module-info.class");
  }

  List<Path> sources() {
    Path sources = folder.resolve("src/main/java");
    if (!Files.isDirectory(sources)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(sources)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list " + sources, e);
    }
  }

  ModuleDescriptor descriptor() throws IOException {
    try (InputStream in = Files.newInputStream(descriptorFile())) {
      return ModuleDescriptor.read(in);
    }
  }

  /** Names of the annotations of the module itself, for example {@code NullMarked}. */
  Set<String> annotations() throws IOException {
    return ClassFile.of()
        .parse(descriptorFile())
        .findAttribute(Attributes.runtimeVisibleAnnotations())
        .map(RuntimeVisibleAnnotationsAttribute::annotations)
        .orElse(List.of())
        .stream()
        .map(Annotation::classSymbol)
        .map(symbol -> symbol.displayName())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Names of our modules that it requires. */
  Set<String> reads() throws IOException {
    return descriptor().requires().stream()
        .map(ModuleDescriptor.Requires::name)
        .filter(name -> name.startsWith("dev.wick."))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Override
  public String toString() {
    return String.valueOf(folder.getFileName());
  }
}
