package dev.wick.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules between packages and inside classes, over the production code of every compiled module. */
class PackageTest {
  private static final String ENGINE = "dev.wick.engine";

  /**
   * The packages of the engine from left to right; those of one link do not know each other, and
   * each imports only what stands to its left.
   */
  private static final List<List<String>> CHAIN =
      List.of(
          List.of(ENGINE + ".tensor"),
          List.of(ENGINE + ".op"),
          List.of(ENGINE + ".spi"),
          List.of(ENGINE),
          List.of(ENGINE + ".model", ENGINE + ".autodiff"));

  /** Programs, which may print. */
  private static final Set<String> PROGRAMS = Set.of("cli", "examples", "benchmarks");

  private static final Pattern EMPTY_WORD =
      Pattern.compile("(Abstract[A-Z].*|.*(Impl|Manager|Helper|Helpers|Util|Utils))");

  private static JavaClasses all;
  private static JavaClasses libraries;
  private static JavaClasses engine;

  @BeforeAll
  static void importClasses() throws IOException {
    List<Path> everything = new ArrayList<>();
    List<Path> printless = new ArrayList<>();
    for (BuiltModule module : BuiltModule.compiled()) {
      everything.add(module.classes());
      if (!PROGRAMS.contains(module.toString())) {
        printless.add(module.classes());
      }
    }
    all = new ClassFileImporter().importPaths(everything);
    libraries = new ClassFileImporter().importPaths(printless);
    engine =
        new ClassFileImporter().importPath(BuiltModule.ROOT.resolve("engine-api/target/classes"));
  }

  static List<String> enginePackages() {
    return CHAIN.stream().flatMap(List::stream).toList();
  }

  @Test
  void engine_hasOnlyThePackagesOfTheChain() {
    assertThat(engine.stream().map(JavaClass::getPackageName).distinct())
        .as("packages of engine-api; give a new one its place in CHAIN")
        .isNotEmpty()
        .isSubsetOf(enginePackages());
  }

  @ParameterizedTest
  @MethodSource("enginePackages")
  void enginePackage_importsOnlyWhatStandsToItsLeft(String name) {
    List<String> left = new ArrayList<>();
    for (List<String> link : CHAIN) {
      if (link.contains(name)) {
        break;
      }
      left.addAll(link);
    }
    left.add(name);

    classes()
        .that()
        .resideInAPackage(name)
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(left.toArray(String[]::new))
                .or(DescribedPredicate.not(resideInAPackage("dev.wick.."))))
        .allowEmptyShould(true)
        .check(engine);
  }

  @Test
  void packages_always_areFreeOfCycles() {
    slices().matching("dev.wick.(**)").should().beFreeOfCycles().check(all);
  }

  @Test
  void libraries_never_print() {
    GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(libraries);
  }

  @Test
  void libraries_log_throughSystemLogger() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.logging..", "org.slf4j..", "org.apache.commons.logging..")
        .check(libraries);
  }

  @Test
  void code_never_throwsNamelessExceptions() {
    GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS.check(libraries);
  }

  @Test
  void code_never_usesUnsafe() {
    noClasses().should().dependOnClassesThat().haveFullyQualifiedName("sun.misc.Unsafe").check(all);
  }

  @Test
  void names_never_areEmptyWords() {
    assertThat(
            all.stream()
                .filter(type -> EMPTY_WORD.matcher(type.getSimpleName()).matches())
                .map(JavaClass::getName))
        .as("types called Abstract..., ...Impl, ...Manager, ...Helper or ...Util")
        .isEmpty();
  }
}
