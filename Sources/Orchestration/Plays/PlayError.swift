package import CustomerJourney

/// All that is wrong with a play's file, so that it can be put right in one go.
package struct PlayError: Error, Hashable, Sendable, CustomStringConvertible {
  /// In order of line; never empty.
  package var problems: [FileProblem]

  package init(problems: [FileProblem]) { self.problems = problems }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
