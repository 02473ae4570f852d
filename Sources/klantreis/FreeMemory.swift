import CJemalloc
import Foundation

/// Memory that this process may still take before the system ends it, and what it gives back.
///
/// Linux hands out memory that it does not have and ends a process that uses it, so that a failed
/// allocation is never seen: what is large is asked for here first.
enum FreeMemory {
  /// Bytes; nil where the system does not say.
  static func bytes() -> Int? {
    [ofMachine(), ofGroup()].compactMap { $0 }.min()
  }

  /// Has what nobody uses given back to the system also while nobody asks for anything. Where a thread
  /// for that cannot be had, it is given back when something is asked for.
  static func giveBackWhileIdle() {
    var isOn = true
    _ = mallctl("background_thread", nil, nil, &isOn, MemoryLayout<Bool>.size)
  }

  private static func ofMachine() -> Int? {
    text("/proc/meminfo").flatMap { value("MemAvailable:", in: $0) }.map { $0 * 1024 }
  }

  /// What is left of a container's limit; files in memory can be let go.
  private static func ofGroup() -> Int? {
    let folder = "/sys/fs/cgroup/"
    guard let limit = text(folder + "memory.max").flatMap(number),
      let used = text(folder + "memory.current").flatMap(number)
    else { return nil }
    let files = text(folder + "memory.stat").flatMap { value("file ", in: $0) } ?? 0
    return max(0, limit - max(0, used - files))
  }

  private static func text(_ path: String) -> String? {
    try? String(contentsOfFile: path, encoding: .utf8)
  }

  private static func number(_ text: String) -> Int? {
    Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  /// The first number of the line that begins so.
  private static func value(_ name: String, in text: String) -> Int? {
    text.split(separator: "\n").first { $0.hasPrefix(name) }?
      .dropFirst(name.count).split(separator: " ").first.flatMap { Int($0) }
  }
}
