;;; emacs_drive.el --- Emacs with its own LSP client and nothing of cass, for test_emacs.py  -*- lexical-binding: t -*-

;;; Commentary:
;; Opens the file given as the first argument, connects eglot to the server in CASS_TEST_SERVER, and evaluates the forms
;; of the second argument.  The question of a message with buttons is answered with what `drive-choice' names.

;;; Code:

(setq native-comp-jit-compilation nil
      native-comp-enable-subr-trampolines nil)
(require 'eglot)

(setq eglot-sync-connect 30
      eglot-autoshutdown nil
      eglot-confirm-server-edits nil
      make-backup-files nil
      create-lockfiles nil)

(defvar drive-choice "Yes" "The button that is pressed.")
(defvar drive-asked nil "The questions that were asked, the newest first.")

(defun drive-answer (prompt collection &rest _)
  "Press the button for the question PROMPT among COLLECTION."
  (push prompt drive-asked)
  (cl-find-if (lambda (title) (string-prefix-p drive-choice title))
              (mapcar (lambda (entry) (if (consp entry) (car entry) entry)) collection)))
(setq completing-read-function #'drive-answer)

(defun drive-until (found what)
  "Wait until FOUND gives something, and return that; an error that names WHAT if it never does."
  (let ((end (+ (float-time) 30)) value)
    (while (not (setq value (funcall found)))
      (when (> (float-time) end) (error "Never: %s" what))
      (accept-process-output nil 0.05))
    value))

(defun drive-run (command &rest arguments)
  "Have the server run COMMAND with ARGUMENTS."
  (jsonrpc-request (eglot-current-server) :workspace/executeCommand
                   (list :command command :arguments (vconcat arguments)) :timeout 30))

(defun drive-uri ()
  "The address of the current buffer's file."
  (eglot-path-to-uri buffer-file-name))

(defun drive-lenses ()
  "The commands that stand in the current buffer, as titles and arguments."
  (eglot--signal-textDocument/didChange)
  (mapcar (lambda (lens)
            (let ((command (plist-get lens :command)))
              (list (plist-get command :title) (plist-get command :command) (plist-get command :arguments))))
          (jsonrpc-request (eglot-current-server) :textDocument/codeLens
                           (list :textDocument (list :uri (drive-uri))) :timeout 30)))

(defun drive-buffer-with (words)
  "A buffer that holds WORDS."
  (cl-find-if (lambda (buffer)
                (with-current-buffer buffer
                  (and buffer-file-name
                       (save-excursion (goto-char (point-min)) (search-forward words nil t)))))
              (buffer-list)))

(defun drive-say (key value)
  "Tell the test VALUE under KEY."
  (princ (format "%s\n" (json-encode (list (cons key value))))))

(let ((file (pop command-line-args-left)) (forms (pop command-line-args-left)))
  (find-file file)
  (let ((eglot-server-programs
         `((,major-mode . ,(split-string (getenv "CASS_TEST_SERVER") " ")))))
    (apply #'eglot (eglot--guess-contact)))
  (eval (read forms) t)
  (eglot-shutdown (eglot-current-server)))

;;; emacs_drive.el ends here
