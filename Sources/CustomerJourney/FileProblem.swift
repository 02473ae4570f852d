/// Something that is wrong with a file that people write, and where.
package struct FileProblem: Hashable, Sendable, CustomStringConvertible {
  package var file: String
  /// From 1; nil where the problem is about the file as a whole.
  package var line: Int?
  /// The place in the file: `rules[2].when`.
  package var key: String
  package var message: String

  package init(file: String, line: Int? = nil, key: String = "", message: String) {
    self.file = file
    self.line = line
    self.key = key
    self.message = message
  }

  package var description: String {
    [file, line.map { "line \($0)" }, key.isEmpty ? nil : key].compactMap(\.self)
      .joined(separator: ", ") + ": \(message)"
  }
}
