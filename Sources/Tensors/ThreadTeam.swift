import COneDNN

/// The threads that oneDNN's primitives use, for the work between primitives: no other threads wait for their turn.
package enum ThreadTeam {
  /// Runs `body` on all of `0..<count`, in one range a thread.
  ///
  /// - Parameter body: runs on several threads at once, and writes only what belongs to its range. Which ranges there are
  ///   depends on the number of threads, so results must not.
  package static func run(_ count: Int, _ body: (Range<Int>) -> Void) {
    withoutActuallyEscaping(body) { body in
      var work = Work(count: count, body: body)
      withUnsafeMutablePointer(to: &work) { work in
        onednn_parallel(
          { context in
            guard let work = context?.assumingMemoryBound(to: Work.self).pointee else { return }
            let (index, threads) = (Int(onednn_thread_index()), Int(onednn_thread_count()))
            let range = work.count * index / threads..<work.count * (index + 1) / threads
            if !range.isEmpty { work.body(range) }
          }, work)
      }
    }
  }

  private struct Work {
    let count: Int
    let body: (Range<Int>) -> Void
  }
}
