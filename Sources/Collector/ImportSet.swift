package import CustomerJourney
import Foundation

/// Files that belong together, with their mappings: `set.yaml` in a folder of `Examples`.
package struct ImportSet: Hashable, Sendable {
  package struct File: Hashable, Sendable {
    /// As it is named in the set.
    package var name: String
    package var path: String
    package var mapping: ImportMapping
  }

  package var title: LocalizedText
  /// Where the data come from, and under which licence.
  package var source: String
  package var licence: String
  package var currency: Currency
  package var zone: Zone
  /// The id of a built-in model, or the path of a model's file.
  package var model: String
  package var modelIsFile: Bool
  /// In the order in which they are imported.
  package var files: [File]

  /// Reads a set from its YAML file; all paths in it are relative to its folder.
  package init(path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    let root = try MappingNode(
      yaml: try MappingNode.text(ofFile: path), name: (path as NSString).lastPathComponent)
    title = LocalizedText(en: "")
    source = ""
    licence = ""
    currency = .eur
    zone = .amsterdam
    model = "stdc"
    files = []
    let keys = ["title", "source", "licence", "currency", "zone", "model", "files"]
    for (key, node) in try root.entries(allowed: keys) {
      switch key {
      case "title":
        if let text = node.plain {
          title = LocalizedText(en: text)
        } else {
          for (language, text) in try node.entries(allowed: ["en", "nl"]) {
            if language == "en" { title.en = try text.text() } else { title.nl = try text.text() }
          }
        }
      case "source": source = try node.text()
      case "licence": licence = try node.text()
      case "currency":
        currency = try node.parsed("a currency code of three letters, such as EUR") { Currency($0) }
      case "zone": zone = try node.zone()
      case "model": model = try node.text()
      default: files = try node.list().map { try Self.file($0, folder) }
      }
    }
    modelIsFile = model.hasSuffix(".yaml")
    if modelIsFile { model = "\(folder)/\(model)" }
    guard !title.en.isEmpty else { throw root.error("needs a title") }
    guard !files.isEmpty else { throw root.error("needs files, each with its mapping") }
  }

  private static func file(_ node: MappingNode, _ folder: String) throws -> File {
    var name = ""
    var mapping = ImportMapping()
    for (key, value) in try node.entries(allowed: ["file", "mapping"]) {
      if key == "file" {
        name = try value.text()
      } else {
        mapping = try ImportMapping(path: "\(folder)/\(try value.text())")
      }
    }
    guard !name.isEmpty else { throw node.error("needs the name of a file each") }
    return File(name: name, path: "\(folder)/\(name)", mapping: mapping)
  }
}
