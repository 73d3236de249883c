import Foundation
import Testing

@testable import Files

struct LineFileTests {
  @Test("A line can be read as soon as it is written; a file goes on or is begun anew")
  func lines() throws {
    try withScratch { folder in
      let path = folder.appending("log.jsonl")
      func text() throws -> String { try path.contents }
      let file = try LineFile(path, goesOn: false)
      try file.write("one\n")
      #expect(try text() == "one\n")
      try file.write("two\n")
      try LineFile(path, goesOn: true).write("three\n")
      // Each appends, whoever else does.
      try file.write("four\n")
      #expect(try text() == "one\ntwo\nthree\nfour\n")
      _ = try LineFile(path, goesOn: false)
      #expect(try text().isEmpty)
    }
  }

  @Test("A file that cannot be had, and a line that cannot be written, are told by name")
  func refusals() throws {
    try withScratch { folder in
      for path in [folder, folder.appending("none/log")] {
        let error = #expect(throws: DestinationError.self) { try LineFile(path, goesOn: true) }
        #expect(error?.name == "\(path)")
      }
    }
    let full = try LineFile(FilePath("/dev/full"), goesOn: true)
    let error = #expect(throws: DestinationError.self) { try full.write("line\n") }
    #expect(error?.name == "/dev/full")
  }
}
