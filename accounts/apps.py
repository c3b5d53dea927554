from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import messages
        from mail.email_types import register

        for name, render in (
            ("account-mail", messages.account_mail),
            ("sign-in-mail", messages.sign_in_mail),
        ):
            register(name, render=render, still_holds=messages.account_mail_holds, forget=True)
