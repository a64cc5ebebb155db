package dev.wick.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The star of modules, read from the descriptors that the build has written. */
class ModuleGraphTest {
  private static final String ENGINE = "dev.wick.engine";
  private static final String FORMATS = "dev.wick.formats";

  /** Folders of programs and tests that nobody requires, and that therefore need not be modules. */
  private static final Set<String> WITHOUT_DESCRIPTOR = Set.of("benchmarks", "parity");

  /** What a library may read of ours. Backends and programs have rules of their own. */
  private static final Map<String, Set<String>> MAY_READ =
      Map.of(
          ENGINE,
          Set.of(),
          "dev.wick.engine.tck",
          Set.of(ENGINE),
          FORMATS,
          Set.of(ENGINE),
          "dev.wick.hub",
          Set.of(ENGINE, FORMATS),
          "dev.wick.limits",
          Set.of(ENGINE),
          "dev.wick.tokenizers",
          Set.of(ENGINE, FORMATS),
          "dev.wick.lora",
          Set.of(ENGINE, FORMATS),
          "dev.wick.streaming",
          Set.of(ENGINE));

  private static final Set<String> PROGRAMS = Set.of("dev.wick.cli", "dev.wick.examples");

  static List<BuiltModule> modules() throws IOException {
    return BuiltModule.described();
  }

  static List<BuiltModule> backends() throws IOException {
    return modules().stream().filter(ModuleGraphTest::isBackend).toList();
  }

  private static boolean isBackend(BuiltModule module) {
    String folder = module.toString();
    return folder.startsWith("backend-")
        || folder.equals("engine-nd4j")
        || folder.equals("custom-backend");
  }

  @ParameterizedTest
  @MethodSource("dev.wick.architecture.BuiltModule#compiled")
  void folder_withCode_isANamedModule(BuiltModule module) {
    if (!WITHOUT_DESCRIPTOR.contains(module.toString())) {
      assertThat(module.descriptorFile()).as("module-info of %s", module).exists();
    }
  }

  @ParameterizedTest
  @MethodSource("modules")
  void module_always_isNullMarked(BuiltModule module) throws IOException {
    assertThat(module.annotations())
        .as("annotations of %s", module.descriptorFile())
        .contains("NullMarked");
  }

  @ParameterizedTest
  @MethodSource("modules")
  void module_reads_onlyWhatTheStarAllows(BuiltModule module) throws IOException {
    String name = module.descriptor().name();

    if (isBackend(module)) {
      assertThat(module.reads()).as("what %s requires", name).containsExactly(ENGINE);
    } else if (name.startsWith("dev.wick.models.")) {
      assertThat(module.reads()).as("what %s requires", name).isSubsetOf(ENGINE, FORMATS);
    } else if (!PROGRAMS.contains(name)) {
      assertThat(MAY_READ).as("a rule for %s; write one", name).containsKey(name);
      assertThat(module.reads()).as("what %s requires", name).isSubsetOf(MAY_READ.get(name));
    }
  }

  @ParameterizedTest
  @MethodSource("modules")
  void module_exports_toEveryone(BuiltModule module) throws IOException {
    assertThat(module.descriptor().exports())
        .as("qualified exports of %s", module)
        .noneMatch(ModuleDescriptor.Exports::isQualified);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void backend_exportsNothing_andProvidesOneService(BuiltModule module) throws IOException {
    ModuleDescriptor descriptor = module.descriptor();

    assertThat(descriptor.exports()).as("exports of %s", module).isEmpty();
    assertThat(descriptor.provides())
        .as("services of %s", module)
        .extracting(ModuleDescriptor.Provides::service)
        .containsExactly("dev.wick.engine.spi.BackendProvider");
  }

  @ParameterizedTest
  @MethodSource("modules")
  void engine_requires_theBaseOfTheJdkOnly(BuiltModule module) throws IOException {
    if (module.descriptor().name().equals(ENGINE)) {
      assertThat(module.descriptor().requires())
          .filteredOn(r -> !r.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC))
          .extracting(ModuleDescriptor.Requires::name)
          .containsExactly("java.base");
    }
  }

  /** A service is found on the class path exactly as on the module path. */
  @ParameterizedTest
  @MethodSource("modules")
  void services_onTheClassPath_areThoseOfTheDescriptor(BuiltModule module) throws IOException {
    Map<String, List<String>> declared = new TreeMap<>();
    for (ModuleDescriptor.Provides provides : module.descriptor().provides()) {
      declared.put(provides.service(), provides.providers());
    }

    assertThat(classPathServices(module))
        .as("META-INF/services of %s against its module-info", module)
        .isEqualTo(declared);
  }

  private static Map<String, List<String>> classPathServices(BuiltModule module)
      throws IOException {
    Path folder = module.classes().resolve("META-INF/services");
    Map<String, List<String>> services = new TreeMap<>();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.collect(Collectors.toCollection(TreeSet::new))) {
          services.put(
              String.valueOf(file.getFileName()),
              Files.readAllLines(file).stream()
                  .map(String::strip)
                  .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                  .toList());
        }
      }
    }
    return services;
  }
}
