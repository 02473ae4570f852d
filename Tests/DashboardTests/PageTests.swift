import CustomerJourney
import Dashboard
import Foundation
import Testing

@testable import Insights

@Suite struct PageTests {
  @Test(
    "All pages are written to the folder that KLANTREIS_PAGES names, for a look in a browser",
    .enabled(if: ProcessInfo.processInfo.environment["KLANTREIS_PAGES"] != nil))
  func writePages() throws {
    let folder = try #require(ProcessInfo.processInfo.environment["KLANTREIS_PAGES"])
    try PageSet.write(to: folder)
  }
}
