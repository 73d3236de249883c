import ArgumentParser
import Foundation
import Surprisal

struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Shows what scans have kept, and drops it.",
    discussion: """
      scan and gate keep what they found of each image, by its content and by all that the result depends on. It lies in
      $SURPRISAL_CACHE, or else in surprisal in $XDG_CACHE_HOME or ~/.cache, and takes 1 GiB at most: what was used least lately goes.
      """)

  @Flag(help: "Drop what is known of files that are gone, and what was used least lately down to --size.")
  var prune = false
  @Option(help: "With --prune: bytes that may stay (default \(ResultCache.standardLimit)).") var size: Int?
  @Flag(help: "Drop all.") var clear = false
  @Option(
    name: .customLong("add"), parsing: .upToNextOption,
    help:
      "Take in what other caches hold, such as those of machines that scanned shards: their files results.sqlite.",
    completion: .file())
  var others: [FilePath] = []
  @OptionGroup var shown: OutputOptions

  func validate() throws {
    if prune, clear { throw ValidationError("--prune and --clear exclude each other") }
    if !others.isEmpty, prune || clear { throw ValidationError("--add goes without --prune and --clear") }
    if size != nil, !prune { throw ValidationError("--size is for --prune") }
    if let size, size < 0 { throw ValidationError("--size must be at least 0") }
  }

  func run() throws {
    let folder = try CacheOptions.folder()
    if clear { try ResultCache.clear(folder: folder) }
    let cache = try ResultCache(folder: folder) { [shown] in shown.warn($0) }
    for other in others {
      let added = try cache.add(other)
      shown.note("\(other): \(added.files) files and \(added.results) results taken in")
    }
    if prune {
      let dropped = try cache.prune(to: size)
      shown.note("\(dropped.files) files and \(dropped.results) results dropped")
    }
    let facts = try cache.facts()
    print("\(cache.path): \(facts.bytes) bytes, \(facts.files) files known, \(facts.results) results")
  }
}
