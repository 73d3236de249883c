import ArgumentParser
import Foundation
import Surprisal

/// Where results are kept from run to run.
struct CacheOptions: ParsableArguments {
  @Flag(help: "Look at every image anew, and keep nothing (see surprisal cache).")
  var noCache = false

  /// The cache; nil without one.
  ///
  /// - Parameter isAsked: whether a cache that cannot be used is an error instead of a warning.
  func open(_ shown: OutputOptions, isAsked: Bool = false) throws -> ResultCache? {
    guard !noCache else { return nil }
    do {
      let cache = try ResultCache(folder: Self.folder()) { shown.warn($0) }
      shown.detail("cache \(cache.path)")
      return cache
    } catch {
      if isAsked { throw error }
      shown.warn("cache: \(error): going on without it")
      return nil
    }
  }

  struct NoHome: Error, CustomStringConvertible {
    let description = "no folder for it: set SURPRISAL_CACHE, or HOME"
  }

  /// $SURPRISAL_CACHE, or a folder in the user's for caches, as the XDG base directory specification has it.
  static func folder() throws -> FilePath {
    let environment = ProcessInfo.processInfo.environment
    func folder(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let own = folder("SURPRISAL_CACHE") { return FilePath(own) }
    // One that is relative is to be ignored.
    if let caches = folder("XDG_CACHE_HOME"), caches.hasPrefix("/") { return FilePath("\(caches)/surprisal") }
    guard let home = folder("HOME") else { throw NoHome() }
    return FilePath("\(home)/.cache/surprisal")
  }
}
