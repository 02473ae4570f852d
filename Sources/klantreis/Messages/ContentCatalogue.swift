import CustomerJourney
import Foundation
import Orchestration
import Synchronization

/// A project's contents.
struct ContentCatalogue: Sendable {
  let all: [Content]
  let problems: [ContentError]

  init(files: [(file: String, yaml: String)], vocabulary: RuleVocabulary) {
    var found: [String: Content] = [:]
    var problems: [ContentError] = []
    for (file, yaml) in files {
      do throws(ContentError) {
        let content = try Content(yaml: yaml, file: file, vocabulary: vocabulary)
        found[content.id] = content
      } catch {
        problems.append(error)
      }
    }
    all = found.values.sorted { $0.id < $1.id }
    self.problems = problems
  }

  subscript(id: String) -> Content? { all.first { $0.id == id } }
}

/// Keeps what was read of contents for as long as neither files nor what they name change.
final class ContentLibrary: Sendable {
  /// Which state of a file it is.
  private struct File: Equatable {
    var name: String
    var modified: Date?
    var bytes: Int?
  }

  private struct Known {
    var files: [File]
    var models: [JourneyModel]
    var segments: [String: Rule]
    var catalogue: ContentCatalogue
  }

  private let known = Mutex<Known?>(nil)

  func catalogue(
    _ files: [URL], _ snapshot: Snapshot, _ vocabulary: () -> RuleVocabulary
  ) throws -> ContentCatalogue {
    let states = files.map { file in
      let values = try? file.resourceValues(forKeys: [.contentModificationDateKey, .fileSizeKey])
      return File(
        name: file.lastPathComponent, modified: values?.contentModificationDate,
        bytes: values?.fileSize)
    }
    let (models, segments) = (snapshot.models.models, snapshot.segments.rules)
    return try known.withLock { known in
      if let known, known.files == states, known.models == models, known.segments == segments {
        return known.catalogue
      }
      var read = Content.builtIn
      for file in files {
        read.append((file.lastPathComponent, try String(contentsOf: file, encoding: .utf8)))
      }
      let catalogue = ContentCatalogue(files: read, vocabulary: vocabulary())
      known = Known(files: states, models: models, segments: segments, catalogue: catalogue)
      return catalogue
    }
  }
}
