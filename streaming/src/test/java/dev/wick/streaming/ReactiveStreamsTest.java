package dev.wick.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.testng.ITestListener;
import org.testng.ITestResult;
import org.testng.TestNG;

/** Runs the Reactive Streams TCK, which is written for TestNG, and shows each rule as a test. */
class ReactiveStreamsTest {
  @TestFactory
  List<DynamicTest> publisher_rulesOfReactiveStreams_hold() {
    List<DynamicTest> tests = new ArrayList<>();
    TestNG testNg = new TestNG(false);
    testNg.setVerbose(0);
    testNg.setTestClasses(new Class<?>[] {TokenPublisherVerification.class});
    testNg.addListener(
        new ITestListener() {
          @Override
          public void onTestSuccess(ITestResult result) {
            tests.add(DynamicTest.dynamicTest(result.getName(), () -> {}));
          }

          @Override
          public void onTestFailure(ITestResult result) {
            tests.add(
                DynamicTest.dynamicTest(
                    result.getName(),
                    () -> {
                      throw result.getThrowable();
                    }));
          }

          @Override
          public void onTestSkipped(ITestResult result) {
            String reason = String.valueOf(result.getThrowable().getMessage());
            tests.add(DynamicTest.dynamicTest(result.getName(), () -> Assumptions.abort(reason)));
          }
        });

    testNg.run();

    assertThat(tests).hasSizeGreaterThan(35);
    return tests;
  }
}
