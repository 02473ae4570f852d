/// All that is wrong with a journey model's file, so that it can be put right in one go.
package struct JourneyModelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// In order of file and line; never empty.
  package var problems: [FileProblem]

  package init(problems: [FileProblem]) { self.problems = problems }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
