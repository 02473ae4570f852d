extension Content {
  /// Contents that every project has, as YAML by file name; one of the project's own with the same id
  /// takes the place.
  package static var builtIn: [(file: String, yaml: String)] {
    [("basket.yaml", String(decoding: PackageResources.basket_yaml, as: UTF8.self))]
      + BuiltInContents.all.sorted { $0.key < $1.key }.map { ("\($0.key).yaml", $0.value) }
  }
}
