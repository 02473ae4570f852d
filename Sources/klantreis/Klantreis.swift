import ArgumentParser

@main
struct Klantreis: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "placeholder")
}
